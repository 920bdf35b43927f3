-- Caps are part of an institution's scoring policy now, which two people change.
DROP TABLE settings_caps;
