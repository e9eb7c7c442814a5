// For browsers older than the page is made for: the same in plain words, with a form. Old syntax only.
(function () {
  var FRENCH = document.documentElement.lang === "fr";
  var WORDS = FRENCH
    ? {
        intro: "Ce navigateur est ancien ; voici la page simple. Choisissez un selfie :",
        consent: "Mon selfie peut servir à me retrouver dans les photos de cet événement.",
        agree: "Cochez d’abord la case.",
        send: "Envoyer",
        wait: "Recherche en cours …",
        failed: "Cela n’a pas marché. Réessayez, ou utilisez un autre navigateur.",
        code: "Ouvrez l’adresse de l’affiche : elle se termine par le code de l’événement.",
        found: "Vos photos :",
        none: "Pas encore de photo de vous. Revenez plus tard.",
        waiting: "Votre selfie est là. L’organisateur va vous laisser entrer : revenez plus tard.",
        held: "Votre selfie est là. Les photos ne sont pas encore publiées : revenez plus tard.",
      }
    : {
        intro: "This browser is old; here is the plain page. Choose a selfie:",
        consent: "You may use my selfie to find me in this event’s photos.",
        agree: "Please tick the box first.",
        send: "Send",
        wait: "Looking for your photos …",
        failed: "That did not work. Try again, or use another browser.",
        code: "Open the address on the poster: it ends with the event’s code.",
        found: "Your photos:",
        none: "No photo of you yet. Come back later.",
        waiting: "Your selfie is here. The organiser lets you in soon: come back later.",
        held: "Your selfie is here. The photos are not released yet: come back later.",
      };
  var CONSENT_VERSION = "2026-11";
  var parts = /^(.*)\/e\/([^/]+)$/.exec(location.pathname);
  var page = document.getElementById("page");
  var main = document.createElement("main");
  main.className = "card";
  page.innerHTML = "";
  page.appendChild(main);

  function add(parent, tag, words) {
    var element = document.createElement(tag);
    if (words) element.appendChild(document.createTextNode(words));
    parent.appendChild(element);
    return element;
  }

  function call(method, path, type, body, done) {
    var request = new XMLHttpRequest();
    request.open(method, parts[1] + path);
    if (type) request.setRequestHeader("Content-Type", type);
    request.onload = function () {
      var answer = request.responseText ? JSON.parse(request.responseText) : {};
      done(request.status < 300 ? null : answer, answer);
    };
    request.onerror = function () {
      done({}, {});
    };
    request.send(body);
  }

  if (!parts) {
    add(main, "p", WORDS.code);
    return;
  }
  var form = add(main, "form");
  add(form, "p", WORDS.intro);
  var label = add(form, "label");
  var box = add(label, "input");
  box.type = "checkbox";
  add(label, "span", " " + WORDS.consent);
  var file = add(form, "input");
  file.type = "file";
  file.accept = "image/*";
  add(form, "button", WORDS.send).type = "submit";
  var status = add(main, "p");
  status.setAttribute("role", "status");

  function say(words) {
    status.innerHTML = "";
    status.appendChild(document.createTextNode(words));
  }
  function fail(problem) {
    say(problem.detail || WORDS.failed);
  }

  function upload() {
    var body = new FormData();
    body.append("file", file.files[0]);
    call("POST", "/api/upload-selfie", "", body, function (problem) {
      if (problem) fail(problem);
      else look();
    });
  }
  function look() {
    call("GET", "/api/rematch-status", "", null, function (problem, answer) {
      if (problem) fail(problem);
      else if (answer.status === "running") setTimeout(look, 1500);
      else if (answer.status === "done") show();
      else say(answer.message || WORDS.failed);
    });
  }
  function show() {
    call("GET", "/api/my-photos?limit=200", "", null, function (problem, answer) {
      if (problem) return fail(problem);
      if (!answer.photos.length) return explain();
      say(WORDS.found);
      for (var i = 0; i < answer.photos.length; i++) {
        var link = add(main, "a");
        link.href = answer.photos[i].download_url || answer.photos[i].preview_url;
        add(link, "img").src = answer.photos[i].thumb_url;
      }
      return undefined;
    });
  }

  // Why there is no photo.
  function explain() {
    call("GET", "/api/session", "", null, function (problem, session) {
      var events = problem || !session.me ? [] : session.me.events;
      for (var i = 0; i < events.length; i++) if (events[i].waiting) return say(WORDS.waiting);
      for (i = 0; i < events.length; i++) if (events[i].release === "held") return say(WORDS.held);
      return say(WORDS.none);
    });
  }

  form.onsubmit = function (event) {
    event.preventDefault();
    if (!box.checked) return say(WORDS.agree);
    if (!file.files.length) return say(WORDS.intro);
    say(WORDS.wait);
    call("GET", "/api/session", "", null, function (problem, session) {
      if (problem) return fail(problem);
      if (session.me) return upload();
      var guest = { event_code: decodeURIComponent(parts[2]), consent_version: CONSENT_VERSION };
      call("POST", "/api/guest-sessions", "application/json", JSON.stringify(guest), function (refusal) {
        if (refusal) fail(refusal);
        else upload();
      });
      return undefined;
    });
    return undefined;
  };
})();
