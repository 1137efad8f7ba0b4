/** What {@code cambium demo} shows, step by step. */
package dev.cambium.tools.demo;
