/** The {@code cambium} command. */
module dev.cambium.tools {
    requires dev.cambium;
    requires info.picocli;

    opens dev.cambium.tools to
            info.picocli;
}
