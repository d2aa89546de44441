//! One scale for every drawing of a probability of default: its square root. Most clients
//! lie between 2 % and 20 %; on a straight scale they would share a sliver, on a
//! logarithmic one zero would have no place.

/// Where a PD stands, 0 to 1, on a scale from 0 % to 100 %.
#[must_use]
pub fn pd_position(pd: f64) -> f64 {
    if pd.is_finite() {
        pd.clamp(0.0, 1.0).sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::pd_position;

    #[test]
    fn the_ends_of_the_scale_are_none_and_certain() {
        assert!(pd_position(0.0).abs() < f64::EPSILON);
        assert!((pd_position(1.0) - 1.0).abs() < f64::EPSILON);
        assert!((pd_position(0.25) - 0.5).abs() < f64::EPSILON);
        assert!(pd_position(f64::NAN).abs() < f64::EPSILON);
    }
}
