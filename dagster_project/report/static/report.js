// Search over the lists of this page. Without this script the lists are there, whole; nothing else on the site needs it.
(function () {
  "use strict";
  var box = document.getElementById("search");
  var input = document.getElementById("words");
  var status = document.getElementById("found");
  var sections = Array.prototype.map.call(document.querySelectorAll("main section"), function (section) {
    var items = Array.prototype.map.call(section.querySelectorAll("li"), function (item) {
      return { node: item, text: item.textContent.toLowerCase() };
    });
    return { node: section, items: items };
  });
  function search() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    sections.forEach(function (section) {
      var here = 0;
      section.items.forEach(function (item) {
        var fits = words.every(function (word) { return item.text.indexOf(word) !== -1; });
        item.node.hidden = !fits;
        here += fits ? 1 : 0;
      });
      section.node.hidden = here === 0;
      count += here;
    });
    status.textContent = words.length ? (count === 1 ? "1 result" : count + " results") : "";
  }
  input.addEventListener("input", search);
  box.hidden = false;
})();
