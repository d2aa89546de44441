#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi_model_registry::import;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = import::lightgbm::read(bytes) {
        octroi_fuzz::use_forest(model.forest);
    }
});
