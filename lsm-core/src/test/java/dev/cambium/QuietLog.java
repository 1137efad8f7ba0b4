package dev.cambium;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps the store's log quiet while a test class runs whose disks fail: each merge that fails, for one, is logged with its stack. */
final class QuietLog implements BeforeAllCallback, AfterAllCallback {
    private static final Logger LOGGER = Logger.getLogger("dev.cambium");

    @Override
    public void beforeAll(ExtensionContext context) {
        LOGGER.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LOGGER.setLevel(null);
    }
}
