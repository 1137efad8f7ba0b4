/** The {@code cambium} command: one class a subcommand, and what they share. */
package dev.cambium.tools;
