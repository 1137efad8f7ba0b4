/** The {@code cambium} command. */
module dev.cambium.tools {
    requires dev.cambium;
    requires info.picocli;
    requires com.fasterxml.jackson.core;

    opens dev.cambium.tools to
            info.picocli;
}
