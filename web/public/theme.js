// Sets the theme before the first paint. A file of its own because the content
// security policy allows no inline script.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem("muster.theme");
  } catch {
    // Storage can be switched off; the system's preference then decides.
  }
  const light =
    choice === "light" || (choice !== "dark" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
})();
