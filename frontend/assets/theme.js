// Applies the stored theme before the first paint. The server does the same from the
// cookie; this covers pages that were kept by the browser.
(() => {
  const stored = document.cookie.match(/(?:^|; )octroi_theme=(light|dark)/);
  if (stored) document.documentElement.dataset.theme = stored[1];
  document.documentElement.classList.add("script");
})();
