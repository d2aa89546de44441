#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi_model_registry::forest::Forest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(forest) = serde_json::from_slice::<Forest>(bytes) {
        octroi_fuzz::use_forest(forest);
    }
});
