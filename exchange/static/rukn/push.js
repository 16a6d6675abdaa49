// The service worker: shows what was pushed, and opens it. It keeps nothing and answers no request.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  const dir = told.lang === "ar" ? "rtl" : "ltr";
  event.waitUntil(self.registration.showNotification(told.title || "Rukn", {
    body: told.text, lang: told.lang, dir, tag: told.url, data: { url: told.url || "/notices/" },
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(new URL(event.notification.data.url, self.location.origin).href));
});
