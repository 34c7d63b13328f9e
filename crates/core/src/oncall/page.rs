//! Paging one person: the deliveries of a page and what each provider's answer leads to.
