package dev.cambium.segment.manifest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Stretches of internal keys, ascending, with keys between each and the next. Immutable. */
public final class Stretches {
    /** No key. */
    public static final Stretches NONE = new Stretches(new Stretch[0]);

    /** Every key. */
    public static final Stretches ALL = new Stretches(new Stretch[] {Stretch.ALL});

    private final Stretch[] stretches;

    private Stretches(Stretch[] stretches) {
        this.stretches = stretches;
    }

    public boolean isEmpty() {
        return stretches.length == 0;
    }

    /** How many there are. */
    public int size() {
        return stretches.length;
    }

    public Stretch get(int index) {
        return stretches[index];
    }

    /** Ascending. */
    public List<Stretch> list() {
        return List.of(stretches);
    }

    /** These and the keys of one more. */
    public Stretches with(Stretch added) {
        List<Stretch> all = new ArrayList<>(stretches.length + 1);
        byte[] from = added.from();
        byte[] to = added.to();
        int at = 0;
        while (at < stretches.length
                && stretches[at].to() != null
                && Arrays.compareUnsigned(stretches[at].to(), from) < 0) {
            all.add(stretches[at++]);
        }
        while (at < stretches.length && (to == null || Arrays.compareUnsigned(stretches[at].from(), to) <= 0)) {
            Stretch touched = stretches[at++];
            from = Arrays.compareUnsigned(touched.from(), from) < 0 ? touched.from() : from;
            boolean endsLater = to != null && (touched.to() == null || Arrays.compareUnsigned(touched.to(), to) > 0);
            to = endsLater ? touched.to() : to;
        }
        all.add(new Stretch(from, to));
        while (at < stretches.length) {
            all.add(stretches[at++]);
        }
        return new Stretches(all.toArray(new Stretch[0]));
    }

    /** What is left of a stretch without these, ascending. */
    public List<Stretch> leftOf(Stretch whole) {
        List<Stretch> left = new ArrayList<>();
        byte[] from = whole.from();
        for (Stretch stretch : stretches) {
            if (stretch.to() != null && Arrays.compareUnsigned(stretch.to(), from) <= 0) {
                continue;
            }
            if (!whole.endsBehind(stretch.from())) {
                break;
            }
            if (Arrays.compareUnsigned(from, stretch.from()) < 0) {
                left.add(new Stretch(from, stretch.from()));
            }
            if (stretch.to() == null) {
                return left;
            }
            from = stretch.to();
        }
        if (whole.endsBehind(from)) {
            left.add(new Stretch(from, whole.to()));
        }
        return left;
    }

    /** The stretch that a key belongs to, or null. */
    public Stretch of(byte[] key, int offset, int length) {
        int low = 0;
        int high = stretches.length;
        while (low < high) { // the first that begins above the key
            int middle = (low + high) >>> 1;
            byte[] from = stretches[middle].from();
            if (Arrays.compareUnsigned(from, 0, from.length, key, offset, offset + length) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low > 0 && stretches[low - 1].contains(key, offset, length) ? stretches[low - 1] : null;
    }

    /** Whether all keys from {@code low} to before {@code high}, null for no bound, belong to these. */
    public boolean covers(byte[] low, byte[] high) {
        Stretch stretch = of(low, 0, low.length);
        return stretch != null && stretch.covers(low, high);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Stretches that && Arrays.equals(stretches, that.stretches);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(stretches);
    }

    @Override
    public String toString() {
        return Arrays.toString(stretches);
    }
}
