//! The table of figures, as BENCHMARKS.md has it.

/// Prints the head of the table.
pub(crate) fn head() {
    println!("| what | median | smallest | largest |");
    println!("|---|---|---|---|");
}

/// Prints the median of some figures, their smallest and their largest.
pub(crate) fn row(what: &str, unit: &str, figures: &mut [f64]) {
    figures.sort_by(f64::total_cmp);
    let (first, last) =
        (figures.first().copied().unwrap_or(0.0), figures.last().copied().unwrap_or(0.0));
    let median = figures.get(figures.len() / 2).copied().unwrap_or(0.0);
    println!("| {what} | {} {unit} | {} | {} |", short(median), short(first), short(last));
}

/// Writes a whole number with commas between its thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn short(figure: f64) -> String {
    if figure >= 100.0 { thousands(figure.round() as u64) } else { format!("{figure:.2}") }
}
