/** Off-heap memory: the one bounds-checked class through which all raw memory goes, and the budget it is counted in. */
package dev.cambium.segment.memory;
