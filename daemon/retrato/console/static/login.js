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

  // Who follows a link of another site brings no cookie along; and another tab may have logged in meanwhile.
  const goOn = async () => {
    if (document.hidden || form.elements.token.value !== "") return;
    const back = form.elements.back.value;
    try {
      const answer = await fetch(back, { method: "HEAD", redirect: "manual" });
      if (answer.ok) location.replace(back);
    } catch {
      // Nobody answers: the form stays.
    }
  };

  if (useLink()) return;
  addEventListener("hashchange", useLink);
  if (document.querySelector(".notice.bad") === null) goOn();
  document.addEventListener("visibilitychange", goOn);
})();
