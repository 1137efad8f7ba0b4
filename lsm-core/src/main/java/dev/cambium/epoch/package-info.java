/** Read protection: who may still be looking at memory that nobody names any more. */
package dev.cambium.epoch;
