package dev.cambium;

import dev.cambium.testkit.SimulatedEnvironment;

/** Opens stores on simulated disks, which the API does not offer. Stateless. */
public final class SimulatedStores {
    private SimulatedStores() {}

    public static Store open(SimulatedEnvironment environment, Options options) {
        return Store.open(environment.environment(), options);
    }
}
