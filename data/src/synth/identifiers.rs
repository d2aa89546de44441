//! The identifiers of histories: computed from the client's, so that they are unique over all
//! tables and over populations whose clients differ, whoever draws them and in what order.

/// At most this many credits at the bureau, and this many earlier applications, per client.
pub(super) const PER_CLIENT: i64 = 64;
/// Clients' identifiers stay below this, and those of the histories above it.
pub(super) const CLIENTS_BELOW: i64 = 40_000_000;

const PREVIOUS_FROM: i64 = 1_000_000_000;
const BUREAU_FROM: i64 = 5_000_000_000;

/// `SK_ID_PREV` of the client's earlier application `number`.
pub(super) fn previous(client: i64, number: i64) -> i64 {
    PREVIOUS_FROM + client * PER_CLIENT + number
}

/// `SK_ID_BUREAU` of the client's credit `number`.
pub(super) fn bureau(client: i64, number: i64) -> i64 {
    BUREAU_FROM + client * PER_CLIENT + number
}
