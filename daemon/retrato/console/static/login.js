// The login: a link may bear the token, and who has logged in already goes on.
"use strict";

(() => {
  const form = document.querySelector("form.login");

  // The token stands behind the #, which browsers send to nobody. It leaves the address, and the history, at once.
  const useLink = () => {
    const token = location.hash.slice(1);
    if (token === "") return false;
    history.replaceState(null, "", location.pathname + location.search);
    try {
      form.elements.token.value = decodeURIComponent(token);
    } catch {
      form.elements.token.value = token;
    }
    form.submit();
    return true;
  };

  // Who was sent here by a page, and not by himself: a link of another site brings no cookie along, and another tab
  // may have logged in meanwhile. The question is the one by which an open page is sent here: nobody goes in circles.
  const goOn = async () => {
    const wasSent = new URLSearchParams(location.search).has("back");
    if (!wasSent || document.hidden || form.elements.token.value !== "") return;
    const back = form.elements.back.value;
    try {
      const answer = await fetch("/events?page=" + encodeURIComponent(back), { method: "HEAD" });
      if (answer.status !== 401) location.replace(back);
    } catch {
      // Nobody answers: the form stays.
    }
  };

  if (useLink()) return;
  addEventListener("hashchange", useLink);
  if (document.querySelector(".notice.bad") === null) goOn();
  document.addEventListener("visibilitychange", goOn);
})();
