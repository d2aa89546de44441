#![no_main]

use libfuzzer_sys::fuzz_target;
use octroi_model_registry::package::Package;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(package) = Package::from_bytes(bytes) {
        octroi_fuzz::use_model(&package.model);
        let _ = package.pd(0.25);
        let _ = package.reference_rows();
        let _ = package.to_bytes();
    }
});
