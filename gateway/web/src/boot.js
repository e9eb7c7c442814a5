// Runs in every browser: starts the page, or its plain version where the page would not work.
(function () {
  var me = document.currentScript;
  var isModern = "noModule" in me && window.CSS && CSS.supports("aspect-ratio", "1");
  var script = document.createElement("script");
  script.src = me.getAttribute(isModern ? "data-page" : "data-old");
  if (isModern) script.type = "module";
  document.head.appendChild(script);
})();
