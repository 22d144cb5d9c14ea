/** The page's own, and all it has. Colours are told apart without colour too: by a mark, a word or a dash (Okabe and Ito's
 *  palette for those who see few). */
export const style = `
:root{--paper:#fff;--card:#f7f8fa;--ink:#17202a;--soft:#566372;--line:#d9dee5;--good:#0b6e4f;--good-paper:#e3f4ec;--bad:#b3261e;--bad-paper:#fdebe9;--recorded:#0072b2;--ours:#c05000;--moved:#8a94a0}
@media (prefers-color-scheme:dark){:root{--paper:#10151b;--card:#181f27;--ink:#e8edf2;--soft:#a3b0bd;--line:#303a46;--good:#5fd3a4;--good-paper:#12382b;--bad:#ff8a80;--bad-paper:#431d1b;--recorded:#56b4e9;--ours:#f0963c;--moved:#7b8794}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:60rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25;margin:0}
h1{font-size:1.6rem}
h2{font-size:1.35rem;margin-top:2.5rem;padding-top:1.25rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem}
p{margin:.4rem 0}
a{color:var(--recorded)}
.kicker{margin:0 0 .5rem;color:var(--soft);letter-spacing:.04em}
.lead{color:var(--soft)}
.verdict{display:flex;gap:.7rem;align-items:flex-start;padding:1rem 1.1rem;border-radius:.6rem}
.verdict.good{background:var(--good-paper);color:var(--good)}
.verdict.bad{background:var(--bad-paper);color:var(--bad)}
.good{color:var(--good)}
.bad{color:var(--bad)}
.verdict-line{font-weight:600}
nav ul,.legend,.findings,.reasons{list-style:none;padding:0;margin:.5rem 0}
.reasons li{margin:.15rem 0}
.notes{padding-left:1.2rem;margin:.5rem 0;color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:.75rem;margin:1.25rem 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem .9rem}
.tile dt{color:var(--soft);font-size:.875rem}
.tile dd{margin:0}
.tile strong{display:block;font-size:1.5rem;line-height:1.3;color:var(--ink);font-variant-numeric:tabular-nums}
.tile.good strong{color:var(--good)}
.tile.bad strong{color:var(--bad)}
.tile span{color:var(--soft);font-size:.8125rem}
.facts{margin:1rem 0;display:grid;gap:.3rem}
.facts div{display:flex;gap:.75rem}
.facts dt{flex:0 0 6.5rem;color:var(--soft)}
.facts dd{margin:0}
.card{margin:1rem 0;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.picture{margin-top:.5rem}
.picture svg{display:block;width:100%;height:auto;overflow:visible}
.picture .narrow{display:none}
@media (max-width:46rem){.tiles{grid-template-columns:repeat(2,1fr)}.picture .wide{display:none}.picture .narrow{display:block}.facts div{display:block}h1{font-size:1.35rem}body{padding-top:1rem}}
svg text{font-size:13px;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid line{stroke:var(--line)}
.grid .stop{stroke:var(--soft)}
polyline{fill:none;stroke-width:2;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.line-agreement polyline{stroke:var(--good)}
.line-agreement circle{fill:var(--good)}
.line-recorded polyline{stroke:var(--recorded)}
.line-ours polyline{stroke:var(--ours);stroke-dasharray:6 3}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.875rem}
.legend li{display:flex;gap:.45rem;align-items:center}
.swatch{width:.9rem;height:.9rem;border-radius:.2rem;display:inline-block}
.swatch.different{background:var(--bad)}.swatch.only-recorded{background:var(--recorded)}.swatch.only-ours{background:var(--ours)}.swatch.moved{background:var(--moved)}
rect.different{fill:var(--bad)}rect.only-recorded{fill:var(--recorded)}rect.only-ours{fill:var(--ours)}rect.moved{fill:var(--moved)}
.findings li{margin:.45rem 0;color:var(--ink)}
.tag{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 .55rem;font-size:.8125rem}
.bad .tag{color:var(--bad)}.explained .tag{color:var(--good)}
.scroll{overflow-x:auto;margin-top:.5rem}
.scroll:focus-visible{outline:2px solid var(--recorded);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;width:100%;overflow-wrap:normal}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:500}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.sides td,.sides th{white-space:nowrap}
.sides .first td{border-bottom-color:transparent}
.sides .equal{color:var(--soft)}
.marked{background:var(--bad-paper);color:var(--bad);font-weight:600}
.missing{color:var(--soft);font-style:italic}
details{margin-top:.75rem}
summary{cursor:pointer;color:var(--recorded)}
footer{margin-top:3rem;color:var(--soft);font-size:.875rem}
@media print{.card,.tile{break-inside:avoid}}
`;
