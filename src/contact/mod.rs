//! Who may be texted and when, and what is said in return. Knows neither modems nor storage; who asks brings the time.

pub mod reply;
