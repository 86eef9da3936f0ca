// A comfort: all of the page is read without it.
(() => {
  const field = document.getElementById("search");
  const open = document.getElementById("open");
  if (!field || !open) return;
  field.closest("label").hidden = false;
  open.closest("label").hidden = false;
  const cases = [...document.querySelectorAll(".case")].map((it) => [it, it.textContent.toLowerCase()]);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const [it, text] of cases) it.hidden = !text.includes(wanted);
  });
  open.addEventListener("change", () => {
    for (const it of document.querySelectorAll(".case, .case details")) it.open = open.checked;
  });
})();
