// SPDX-License-Identifier: Apache-2.0
// The preview's page: the pictures, and what ToJson(FrameReport) says of the
// newest. Labels come from a model's file, so they are set as text.
#pragma once

namespace liteforge {

constexpr const char* kPreviewPage = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>liteforge detect</title>
<style>
  body { margin: 0; background: #16181c; color: #e8e8e8;
         font: 15px/1.5 system-ui, sans-serif; }
  main { display: flex; flex-wrap: wrap; gap: 20px; padding: 16px; }
  img { flex: 2 1 480px; min-width: 0; max-width: 100%; max-height: 92vh;
        object-fit: contain; object-position: left top; background: #000; }
  aside { flex: 1 1 240px; max-width: 420px; }
  #fps { font-size: 34px; font-weight: 600; }
  table { border-collapse: collapse; width: 100%; margin: 8px 0 16px; }
  td { padding: 2px 8px 2px 0; border-bottom: 1px solid #33363c; }
  td + td { text-align: right; font-variant-numeric: tabular-nums; }
  #state { color: #9a9fa8; }
</style>
</head>
<body>
<main>
  <img id="stream" alt="live picture">
  <aside>
    <div><span id="fps">–</span> fps</div>
    <table>
      <tr><td>capture</td><td id="capture">–</td></tr>
      <tr><td>pre</td><td id="pre">–</td></tr>
      <tr><td>infer</td><td id="infer">–</td></tr>
      <tr><td>post</td><td id="post">–</td></tr>
    </table>
    <table><tbody id="found"></tbody></table>
    <div id="state">waiting for the first picture</div>
  </aside>
</main>
<script>
  const byId = (id) => document.getElementById(id);
  function row(name, value) {
    const line = document.createElement('tr');
    for (const text of [name, value]) {
      const cell = document.createElement('td');
      cell.textContent = text;
      line.appendChild(cell);
    }
    return line;
  }
  function show(frame) {
    if (frame.frame === undefined) return;
    byId('fps').textContent = frame.fps.toFixed(1);
    for (const stage of ['capture', 'pre', 'infer', 'post'])
      byId(stage).textContent = frame.ms[stage].toFixed(1) + ' ms';
    const found = frame.objects || frame.classes || [];
    const rows = found.map((one) => row(one.label, one.score.toFixed(2)));
    if (frame.points) rows.push(row('points', String(frame.points.length)));
    byId('found').replaceChildren(...rows);
    byId('state').textContent = `frame ${frame.frame}, ${frame.width} × ` +
        `${frame.height}, ${frame.dropped} dropped`;
  }
  async function poll() {
    try {
      show(await (await fetch('/status')).json());
    } catch {
      byId('state').textContent = 'the program has ended';
    }
    setTimeout(poll, 300);
  }
  poll();
  // The stream never ends, so the page must not wait for it to be complete.
  addEventListener('load', () => { byId('stream').src = '/stream'; });
</script>
</body>
</html>
)html";

}  // namespace liteforge
