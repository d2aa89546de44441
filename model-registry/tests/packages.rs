//! Packages: the same model gives the same bytes, stored bytes are checked, and no number
//! changes on its way through the store.

use std::path::Path;

use ndarray::Array2;
use octroi_model_registry::boosting::BoostingParameters;
use octroi_model_registry::calibration::Calibration;
use octroi_model_registry::package::{Package, PackageError, digest};
use octroi_model_registry::signature::{PackageKeys, SignatureError};
use octroi_model_registry::store::{PackageStore, StoreError};
use octroi_model_registry::training::{Feature, Provenance, TrainingOptions, TrainingSet, train};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn package() -> Package {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let values = Array2::from_shape_fn((600, 4), |(row, column)| match column {
        3 => f64::from(row as u32 % 3),
        _ if random.random::<f64>() < 0.1 => f64::NAN,
        _ => random.random::<f64>() * 3.0,
    });
    let target: Vec<bool> = values
        .column(0)
        .iter()
        .map(|&value| random.random::<f64>() < if value > 2.0 { 0.5 } else { 0.1 })
        .collect();
    let feature = |name: &str, levels: Option<Vec<String>>| Feature {
        name: name.to_owned(),
        levels,
        monotone: 0,
    };
    let levels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let features = [
        feature("one", None),
        feature("two", None),
        feature("three", None),
        feature("kind", Some(levels)),
    ];
    let ids: Vec<i64> = (0..600).collect();
    let set = TrainingSet {
        ids: &ids,
        features: &features,
        values: values.view(),
        target: &target,
        slice_by: &[],
    };
    let boosting = BoostingParameters {
        rounds: 30,
        min_child_weight: 2.0,
        ..BoostingParameters::default()
    };
    let options = TrainingOptions {
        boosting,
        trials: 2,
        resamples: 20,
        ..TrainingOptions::default()
    };
    let provenance = Provenance {
        portfolio: "home-credit".to_owned(),
        code_version: "0".to_owned(),
        features_sql_digest: String::new(),
        tables: Vec::new(),
        absent_tables: vec!["bureau".to_owned()],
    };
    train(&set, &options, &mut |_| {})
        .expect("trains")
        .into_package(provenance)
}

fn keys() -> PackageKeys {
    PackageKeys::new([3; 32], &[])
}

fn file(folder: &Path, digest: &str) -> std::path::PathBuf {
    folder.join("packages").join(format!("{digest}.json"))
}

#[tokio::test]
async fn a_package_comes_back_as_it_was_put() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let package = package();
    let digest = store.put(&package).await.expect("kept");
    assert_eq!(digest, package.digest().expect("digest"));
    assert_eq!(store.put(&package).await.expect("kept again"), digest);
    assert_eq!(store.get(&digest).await.expect("fetched"), package);
    assert_eq!(store.list().await.expect("listed"), [digest]);
}

#[tokio::test]
async fn a_flipped_byte_is_refused_with_the_digest_wherever_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let package = package();
    let digest = store.put(&package).await.expect("kept");
    let path = file(folder.path(), &digest);
    let bytes = std::fs::read(&path).expect("bytes");
    for place in (0..bytes.len()).step_by(bytes.len() / 50) {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        std::fs::write(&path, altered).expect("written");
        let error = store.get(&digest).await.expect_err("refused");
        assert!(
            matches!(&error, StoreError::Package(PackageError::Damaged { expected, .. }) if *expected == digest)
        );
        assert!(error.to_string().contains(&digest));
    }
    assert!(
        store.put(&package).await.is_err(),
        "putting does not hide that the stored bytes are damaged"
    );
}

#[tokio::test]
async fn an_unknown_digest_and_one_that_is_a_path_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let unknown = "0".repeat(64);
    assert!(
        matches!(store.get(&unknown).await, Err(StoreError::Unknown(digest)) if digest == unknown)
    );
    assert!(matches!(
        store.get("../../etc/passwd").await,
        Err(StoreError::NotADigest(_))
    ));
    assert_eq!(store.list().await.expect("listed"), Vec::<String>::new());
}

#[test]
fn another_format_is_refused_by_its_number() {
    let bytes = package().to_bytes().expect("bytes");
    let text = String::from_utf8(bytes).expect("text");
    let later = text.replacen("\"format\":2,", "\"format\":3,\"new\":{},", 1);
    assert_ne!(text, later);
    let error = Package::from_bytes(later.as_bytes()).expect_err("refused");
    assert!(matches!(error, PackageError::Format { found: 3 }));
    assert!(error.to_string().contains('3'));
}

/// The package as the first format wrote it.
fn in_format_1(package: &Package) -> Vec<u8> {
    let mut value = serde_json::to_value(package).expect("JSON");
    let remove = |value: &mut Value, members: &[&str]| {
        let object = value.as_object_mut().expect("an object");
        for member in members {
            object.remove(*member).expect("there");
        }
    };
    remove(&mut value, &["calibration"]);
    let manifest = &mut value["manifest"];
    manifest["format"] = 1.into();
    remove(
        manifest,
        &[
            "origin",
            "calibration_trials",
            "search",
            "partial_dependence",
            "beeswarm",
            "slices",
            "holdout",
        ],
    );
    remove(
        &mut manifest["evaluation"],
        &["expected_calibration_error", "lift", "intervals"],
    );
    for candidate in manifest["candidates"].as_array_mut().expect("candidates") {
        remove(
            candidate,
            &[
                "ks",
                "expected_calibration_error",
                "auc_interval",
                "cost_interval",
            ],
        );
    }
    serde_jcs::to_vec(&value).expect("bytes")
}

#[tokio::test]
async fn a_package_of_the_first_format_loads_unsigned_and_scores_as_it_did() {
    let package = package();
    let old = in_format_1(&package);
    let read = Package::from_bytes(&old).expect("read");
    assert_eq!(read.model, package.model);
    assert_eq!(read.calibration, Calibration::None);
    let (new, old_measure) = (
        package.manifest.evaluation.expected_calibration_error,
        read.manifest.evaluation.expected_calibration_error,
    );
    assert!((new - old_measure).abs() < 1e-12);

    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let name = digest(&old);
    let path = file(folder.path(), &name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, &old).expect("written");
    assert!(matches!(
        store.get(&name).await,
        Err(StoreError::Signature(SignatureError::Missing(_)))
    ));
    assert!(store.sign_unsigned(&name).await.expect("signed afterwards"));
    assert_eq!(store.get(&name).await.expect("loads"), read);
}

#[tokio::test]
async fn a_package_that_was_signed_once_is_not_signed_again_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let name = store.put(&package()).await.expect("kept");
    let path = folder.path().join("packages").join(format!("{name}.sig"));
    std::fs::remove_file(&path).expect("removed");
    assert!(!store.sign_unsigned(&name).await.expect("looked at"));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_package_without_our_signature_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = PackageStore::folder(folder.path(), keys()).expect("a store");
    let name = store.put(&package()).await.expect("kept");
    let path = folder.path().join("packages").join(format!("{name}.sig"));
    let signature = std::fs::read(&path).expect("signed");

    let stranger = PackageStore::folder(folder.path(), PackageKeys::new([4; 32], &[]));
    let error = stranger.expect("a store").get(&name).await;
    assert!(matches!(
        error,
        Err(StoreError::Signature(SignatureError::UnknownKey { .. }))
    ));

    std::fs::remove_file(&path).expect("removed");
    let error = store.get(&name).await;
    assert!(matches!(
        error,
        Err(StoreError::Signature(SignatureError::Missing(digest))) if digest == name
    ));

    let altered = String::from_utf8(signature.clone()).expect("text");
    let altered = altered.replacen("\"signature\":\"", "\"signature\":\"00", 1);
    std::fs::write(&path, altered).expect("written");
    assert!(matches!(
        store.get(&name).await,
        Err(StoreError::Signature(SignatureError::Unreadable { .. }))
    ));

    std::fs::write(&path, signature).expect("written");
    assert!(store.get(&name).await.is_ok());
}

#[test]
fn canonical_bytes_do_not_depend_on_how_often_they_were_read_and_written() {
    let package = package();
    let bytes = package.to_bytes().expect("bytes");
    let read = Package::from_bytes(&bytes).expect("read");
    assert_eq!(read, package);
    assert_eq!(read.to_bytes().expect("bytes"), bytes);
}

#[test]
fn the_sample_of_training_rows_keeps_its_missing_values_and_its_width_is_checked() {
    let mut package = package();
    let rows = package.reference_rows();
    assert_eq!(rows.dim(), (600, 4));
    let missing = rows.iter().filter(|value| value.is_nan()).count();
    assert!(missing > 0);
    let read = Package::from_bytes(&package.to_bytes().expect("bytes")).expect("read");
    assert_eq!(
        read.reference_rows()
            .iter()
            .filter(|value| value.is_nan())
            .count(),
        missing
    );
    package.sample[5].pop();
    let error = Package::from_bytes(&package.to_bytes().expect("bytes")).expect_err("refused");
    assert!(matches!(
        error,
        PackageError::Sample {
            row: 5,
            values: 3,
            taken: 4
        }
    ));
}

#[test]
fn bytes_that_are_no_package_are_an_error() {
    for bytes in [
        &b""[..],
        b"{}",
        b"null",
        b"{\"manifest\":{\"format\":1}}",
        b"{\"manifest\":[1]}",
        b"[[1]]",
        b"\xff",
    ] {
        assert!(matches!(
            Package::from_bytes(bytes),
            Err(PackageError::Invalid(_))
        ));
    }
}

proptest! {
    #[test]
    fn every_number_but_a_negative_zero_keeps_its_bits(bits in any::<u64>()) {
        let number = f64::from_bits(bits) + 0.0;
        prop_assume!(number.is_finite());
        let written = serde_jcs::to_string(&vec![number]).expect("written");
        let read: Vec<f64> = serde_json::from_str(&written).expect("read");
        prop_assert_eq!(read[0].to_bits(), number.to_bits(), "{}", written);
    }
}
