-- By which edition of the rules of contact the cases are planned: other holidays are other business days.
CREATE TABLE ladder_rules (edition TEXT NOT NULL) STRICT;
