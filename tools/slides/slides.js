"use strict";
// One leaf section at a time, on a stage of 1280 x 720 that fills the window; what is too tall is made smaller to fit.
(function () {
  const W = 1280, H = 720, INNER_H = 656, INNER_W = 1192;
  const leaves = [];
  document.querySelectorAll("main.slides section").forEach(function (section) {
    if (!section.querySelector("section") && (section.textContent.trim() || section.querySelector("img, math"))) {
      leaves.push(section);
    }
  });
  leaves.forEach(function (leaf) {
    const box = document.createElement("div");
    box.className = "fit";
    while (leaf.firstChild) { box.appendChild(leaf.firstChild); }
    leaf.appendChild(box);
    leaf.classList.add("leaf");
  });
  function fit() {
    leaves.forEach(function (leaf) {
      const box = leaf.firstChild;
      box.style.transform = "none";
      box.style.width = INNER_W + "px";
      const scale = Math.min(1, INNER_H / box.scrollHeight, INNER_W / box.scrollWidth);
      box.style.transform = "scale(" + scale + ")";
      leaf.dataset.scale = scale.toFixed(3);
      const stage = Math.min(window.innerWidth / W, window.innerHeight / H);
      leaf.style.transform = "scale(" + stage + ") translate(-50%, -50%)";
    });
  }
  let at = 0;
  function show(n) {
    at = Math.max(0, Math.min(leaves.length - 1, n));
    leaves.forEach(function (leaf, i) {
      leaf.classList.toggle("shown", i === at);
      leaf.setAttribute("aria-hidden", i === at ? "false" : "true");
    });
    document.getElementById("place").textContent = (at + 1) + " / " + leaves.length;
    history.replaceState(null, "", "#" + (at + 1));
  }
  const keys = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, Enter: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Backspace: -1 };
  document.addEventListener("keydown", function (event) {
    if (event.key in keys) { show(at + keys[event.key]); event.preventDefault(); }
    if (event.key === "Home") { show(0); }
    if (event.key === "End") { show(leaves.length - 1); }
  });
  document.addEventListener("click", function (event) {
    if (!event.target.closest("a")) { show(at + (event.clientX < window.innerWidth / 3 ? -1 : 1)); }
  });
  window.addEventListener("resize", fit);
  window.addEventListener("load", function () { fit(); show(parseInt(location.hash.slice(1) || "1", 10) - 1); });
})();
