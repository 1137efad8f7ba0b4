/** The chain of log files, the manifest that names them, and what an open makes of both after a crash. */
package dev.cambium.log;
