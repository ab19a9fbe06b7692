//! Plots of the tables, as SVG.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use crate::report::Row;

const SIZE: (u32, u32) = (1100, 560);
/// Parts of a group's width that its bars take together.
const FILLED: f64 = 0.8;

/// Draws, for each measurement, what every subject needs as a multiple of the bare forwarder, on a
/// logarithmic scale, into `relay-ratios.svg`.
pub(crate) fn draw(rows: &[Row], place: &Path) -> Result<()> {
    fs::create_dir_all(place)?;
    let rows: Vec<&Row> = rows.iter().filter(|row| row.of("bare").is_some()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // Its errors borrow what they are about.
    ratios(&rows, &place.join("relay-ratios.svg")).map_err(|error| anyhow!("{error}"))
}

fn ratios(rows: &[&Row], file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut subjects: Vec<&str> = Vec::new();
    for figure in rows.iter().flat_map(|row| &row.figures) {
        if !subjects.contains(&figure.subject) {
            subjects.push(figure.subject);
        }
    }
    let bars = rows.iter().enumerate().flat_map(|(group, row)| {
        let bare = row.of("bare").unwrap_or(1.0);
        row.figures.iter().map(move |figure| (group, figure.subject, figure.value / bare))
    });
    let bars: Vec<(usize, &str, f64)> = bars.collect();
    let highest = bars.iter().map(|bar| bar.2).fold(2.0, f64::max);

    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .caption("Cost as a multiple of the bare forwarder (less is better)", ("sans-serif", 20))
        .x_label_area_size(150)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..rows.len() as f64, (0.5..highest * 1.3).log_scale())?;
    chart.configure_mesh().disable_x_mesh().disable_x_axis().y_desc("× bare").draw()?;
    let width = FILLED / subjects.len() as f64;
    for (place, subject) in subjects.iter().enumerate() {
        let colour = Palette99::pick(place).mix(0.9);
        let of_subject = bars.iter().filter(|bar| bar.1 == *subject);
        let boxes = of_subject.map(|(group, _, ratio)| {
            let left = *group as f64 + (1.0 - FILLED) / 2.0 + place as f64 * width;
            Rectangle::new([(left, 0.5), (left + width * 0.92, *ratio)], colour.filled())
        });
        chart
            .draw_series(boxes)?
            .label(*subject)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    for (group, row) in rows.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(group as f64 + 0.5, 0.5));
        let mut line = y + 8;
        for words in wrapped(row.name) {
            area.draw_text(&words, &("sans-serif", 12).into_text_style(&area), (x - 45, line))?;
            line += 15;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

/// Breaks a name into lines of some 16 characters.
fn wrapped(name: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in name.split(' ') {
        let last = lines.last_mut().expect("there is one line at least");
        if last.is_empty() {
            last.push_str(word);
        } else if last.len() + word.len() < 16 {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Figure;

    #[test]
    fn a_plot_names_every_subject_and_measurement() {
        let figure = |subject, value| Figure { subject, value, upper_quartile: value };
        let row =
            Row { name: "one room", figures: vec![figure("bare", 1.0), figure("relay", 1.4)] };
        let place = tempfile::tempdir().unwrap();
        draw(&[row], place.path()).unwrap();
        let svg = fs::read_to_string(place.path().join("relay-ratios.svg")).unwrap();
        for word in ["bare", "relay", "one room"] {
            assert!(svg.contains(word), "no {word}");
        }
    }
}
