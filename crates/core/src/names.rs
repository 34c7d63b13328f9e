//! The names that fieldless enums bear in store and API: written once, read both ways.

macro_rules! names {
    ($kind:ty { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $kind {
            /// Every value with its name in store and API.
            pub const NAMES: &[(Self, &'static str)] = &[$((Self::$variant, $name)),*];

            /// The name in store and API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
