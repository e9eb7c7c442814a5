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
        photo: "Photo ",
        none: "Pas encore de photo de vous. Revenez plus tard.",
        waiting: "Votre selfie est arrivé. En attente de l’organisateur : revenez plus tard.",
        held: "Votre selfie est arrivé. Les photos ne sont pas encore publiées : revenez plus tard.",
        detail:
          "Une description de votre visage est calculée et comparée aux photos de cet événement, et à rien d’autre. Vous pouvez supprimer les deux à tout moment.",
        without: "Continuer sans selfie",
        signOut: "Se déconnecter",
        signedOut: "Vous êtes déconnecté de cet appareil.",
        remove: "Supprimer tout ce qui me concerne",
        question: "Supprimer votre selfie, votre liste de photos et votre accès, dans tous les événements ? C’est définitif.",
        removed: "Tout ce qui vous concerne est supprimé.",
        noEvent: "Aucun événement ouvert n’a ce code. Comparez-le avec l’affiche.",
        closed: "Cet événement est terminé. Demandez à l’organisateur.",
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
        photo: "Photo ",
        none: "No photo of you yet. Come back later.",
        waiting: "Your selfie has arrived. Waiting for the organiser: come back later.",
        held: "Your selfie has arrived. The photos are not released yet: come back later.",
        detail:
          "A description of your face is computed and compared with the photos of this event, and with nothing else. You can delete both at any time.",
        without: "Continue without a selfie",
        signOut: "Sign out",
        signedOut: "You are signed out on this device.",
        remove: "Delete everything about me",
        question: "Delete your selfie, your list of photos and your access, in all events? This cannot be undone.",
        removed: "Everything about you is deleted.",
        noEvent: "No open event has this code. Compare it with the poster.",
        closed: "This event is closed. Ask the organiser.",
      };
  var CONSENT_VERSION = "2026-11";
  var parts = /^(.*)\/e\/([^/]+)\/?$/i.exec(location.pathname);
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
  var code = parts[2];
  try {
    code = decodeURIComponent(code);
  } catch (malformed) {
    code = ""; // no event has it
  }
  var heading = add(main, "h1");
  var form = add(main, "form");
  add(form, "p", WORDS.intro);
  var label = add(form, "label");
  var box = add(label, "input");
  box.type = "checkbox";
  add(label, "span", " " + WORDS.consent);
  add(form, "p", WORDS.detail).className = "quiet";
  var file = add(form, "input");
  file.type = "file";
  file.accept = "image/*";
  file.setAttribute("aria-label", "Selfie");
  var send = add(form, "button", WORDS.send);
  send.type = "submit";
  var without = addButton(form, WORDS.without, function () {
    begin("", show);
  });
  var status = add(main, "p");
  status.setAttribute("role", "status");
  var photos = add(main, "div");
  var way = add(main, "div");
  way.style.display = "none";
  addButton(way, WORDS.signOut, function () {
    leave("/api/refresh", WORDS.signedOut);
  });
  addButton(way, WORDS.remove, function () {
    if (confirm(WORDS.question)) leave("/api/me", WORDS.removed);
  });

  function addButton(parent, words, act) {
    var button = add(parent, "button", words);
    button.type = "button";
    button.onclick = act;
    return button;
  }
  function say(words) {
    status.innerHTML = "";
    status.appendChild(document.createTextNode(words));
  }
  function setBusy(isBusy) {
    send.disabled = without.disabled = isBusy;
  }
  function fail(problem) {
    setBusy(false);
    say(problem.detail || WORDS.failed);
  }
  function leave(path, words) {
    call("DELETE", path, "", null, function (problem) {
      if (problem) return fail(problem);
      main.innerHTML = "";
      add(main, "p", words);
      return undefined;
    });
  }

  // One who is signed in joins with the account that they have.
  function begin(consent, next) {
    setBusy(true);
    say(WORDS.wait);
    call("GET", "/api/session", "", null, function (problem, session) {
      if (problem) return fail(problem);
      var member = session.me && findOwn(session.me.events);
      if (member) return consent ? agree(member, consent, next) : next(member);
      var form = { event_code: code };
      if (!session.me) form.consent_version = consent;
      var path = session.me ? "/api/join-event" : "/api/guest-sessions";
      call("POST", path, "application/json", JSON.stringify(form), function (fault, joined) {
        if (fault) return fail(fault);
        way.style.display = "";
        if (!session.me || !consent) return next(joined.event_id);
        return agree(joined.event_id, consent, next);
      });
      return undefined;
    });
  }
  function agree(eventId, consent, next) {
    var agreed = JSON.stringify({ event_id: eventId, consent_version: consent });
    call("POST", "/api/me/consents", "application/json", agreed, function (fault) {
      if (fault) fail(fault);
      else next(eventId);
    });
  }
  // A closed event accepts no new guests, but keeps the existing ones.
  function findOwn(events) {
    function plain(typed) {
      return typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
    }
    for (var i = 0; i < events.length; i++) if (plain(events[i].event_code) === plain(code)) return events[i].event_id;
    return "";
  }
  function upload(eventId) {
    var body = new FormData();
    body.append("file", file.files[0]);
    call("POST", "/api/upload-selfie", "", body, function (problem) {
      if (problem) fail(problem);
      else look(eventId);
    });
  }
  function look(eventId) {
    call("GET", "/api/rematch-status", "", null, function (problem, answer) {
      if (problem) fail(problem);
      else if (answer.status === "running")
        setTimeout(function () {
          look(eventId);
        }, 1500);
      else if (answer.status === "done") show(eventId);
      else fail({ detail: answer.message });
    });
  }
  // One who is not admitted yet may ask for no photos.
  function show(eventId) {
    call("GET", "/api/session", "", null, function (problem, session) {
      if (problem) return fail(problem);
      var events = session.me ? session.me.events : [];
      for (var i = 0; i < events.length; i++) {
        if (events[i].event_id !== eventId || !events[i].waiting) continue;
        setBusy(false);
        return say(WORDS.waiting);
      }
      return list(eventId);
    });
  }
  function list(eventId) {
    call("GET", "/api/my-photos?limit=200&event_id=" + eventId, "", null, function (problem, answer) {
      if (problem) return fail(problem);
      setBusy(false);
      photos.innerHTML = "";
      if (!answer.photos.length) return explain(eventId);
      say(WORDS.found);
      for (var i = 0; i < answer.photos.length; i++) {
        var link = add(photos, "a");
        link.href = answer.photos[i].download_url || answer.photos[i].preview_url;
        var image = add(link, "img");
        image.style.maxWidth = "100%";
        image.alt = WORDS.photo + (i + 1);
        image.src = answer.photos[i].thumb_url;
      }
      return undefined;
    });
  }

  // Why there is no photo.
  function explain(eventId) {
    call("GET", "/api/session", "", null, function (problem, session) {
      var events = problem || !session.me ? [] : session.me.events;
      for (var i = 0; i < events.length; i++) {
        if (events[i].event_id !== eventId) continue;
        if (events[i].release === "held") return say(WORDS.held);
      }
      return say(WORDS.none);
    });
  }

  form.onsubmit = function (event) {
    event.preventDefault();
    if (!box.checked) return say(WORDS.agree);
    if (!file.files.length) return say(WORDS.intro);
    begin(CONSENT_VERSION, upload);
    return undefined;
  };

  call("GET", "/api/session", "", null, function (problem, session) {
    if (!problem && session.me) way.style.display = "";
  });
  call("POST", "/api/check-event-code", "application/json", JSON.stringify({ event_code: code }), function (problem, answer) {
    if (problem) return fail(problem);
    if (!answer.valid) say(answer.closed ? WORDS.closed : WORDS.noEvent);
    heading.appendChild(document.createTextNode(answer.event_name || ""));
    return undefined;
  });
})();
