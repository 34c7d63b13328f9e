//! Providers as their published rules describe them: each file judges a request as the provider
//! would, is shown to notice planted mistakes, and is then what the adapter is driven against.

mod twilio;
