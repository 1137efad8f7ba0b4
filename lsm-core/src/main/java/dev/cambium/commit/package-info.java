/** How writes become durable and visible: grouped by whoever comes first, appended, forced, applied, in this order. */
package dev.cambium.commit;
