"""A small line chart as SVG, readable on light and dark pages.

Must not: know what is drawn, or need more than the standard library.
"""

from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 56, 120, 36, 44
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600; fill: #1f2328 }
  .page { fill: #ffffff } .grid { stroke: #d8dee4 } .guide { stroke: #8c959f; stroke-dasharray: 4 4; fill: none }
  .line { fill: none; stroke-width: 2 } .s0 { stroke: #0969da } .s1 { stroke: #bc4c00 } .s2 { stroke: #1a7f37 } .s3 { stroke: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } .page { fill: #0d1117 } .grid { stroke: #30363d }
    .s0 { stroke: #58a6ff } .s1 { stroke: #f0883e } .s2 { stroke: #3fb950 } .s3 { stroke: #bc8cff }
  }
"""


def ticks(low, high, most=6):
    """Round numbers from low to high."""
    step = 10.0 ** -6
    while (high - low) / step > most:
        step *= 2.5 if f"{step:e}"[0] == "2" else 2
    first = -(-low // step)
    return [n * step for n in range(int(first), int(high / step + 1e-9) + 1)]


def chart(title, x_name, y_name, series, y_from=None, y_to=None, x_to=None, guides=()):
    """`series`: {name: [(x, y)]}, drawn in this order and named at the line's end; `guides`: points reached from both axes."""
    points = [point for line in series.values() for point in line]
    x_to = x_to or max(x for x, _ in points)
    y_from = min(y for _, y in points) if y_from is None else y_from
    y_to = max(y for _, y in points) if y_to is None else y_to
    across = lambda x: LEFT + (WIDTH - LEFT - RIGHT) * x / x_to
    up = lambda y: HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - y_from) / (y_to - y_from)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
           f"<style>{STYLE}</style>", f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
           f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>']
    for y in ticks(y_from, y_to):
        out.append(f'<path class="grid" d="M{LEFT} {up(y):.1f}H{WIDTH - RIGHT}"/>'
                   f'<text x="{LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in ticks(0, x_to):
        out.append(f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
    out.append(f'<text transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{escape(y_name)}</text>')
    for x, y in guides:
        out.append(f'<path class="guide" d="M{LEFT} {up(y):.1f}H{across(x):.1f}V{HEIGHT - BOTTOM}"/>')
    taken = []
    for n, (name, line) in enumerate(series.items()):
        out.append(f'<path class="line s{n % 4}" d="M' + "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in line) + '"/>')
        at = up(line[-1][1]) + 4
        while any(abs(at - other) < 14 for other in taken):
            at += 1
        taken.append(at)
        x = across(line[-1][0]) + 8
        out.append(f'<path class="line s{n % 4}" d="M{x:.1f} {at - 4:.1f}h10"/><text x="{x + 14:.1f}" y="{at:.1f}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
