// What a reader can do with a page beside reading it: search, sort, filter, take a table or a picture along, set organisations side by side.
// Every number and every list is there without this script. Nothing here works out a figure: cells are moved, hidden, copied, or drawn where they stand.
(function () {
  "use strict";

  function make(tag, properties, children) {
    var node = Object.assign(document.createElement(tag), properties || {});
    (children || []).forEach(function (child) { node.append(child); });
    return node;
  }

  function each(selector, run, within) {
    Array.prototype.forEach.call((within || document).querySelectorAll(selector), run);
  }

  function wordsOf(input) {
    return input.value.toLowerCase().split(/\s+/).filter(Boolean);
  }

  function hasAll(words, text) {
    return words.every(function (word) { return text.indexOf(word) !== -1; });
  }

  function counted(number) {
    return number === 1 ? "1 result" : number + " results";
  }

  function save(name, type, content) {
    var link = make("a", { href: URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: type })), download: name });
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  var page = (location.pathname.split("/").pop() || "index.html").replace(/\.html$/, "");

  // -- the search box of every page: its index is loaded when it is first used ---------------------------------------

  var SHOWN = 8;

  function searchBox(box) {
    var input = document.getElementById("sought");
    var list = document.getElementById("results");
    var status = document.getElementById("hits");
    var asked = false;

    function show() {
      var words = wordsOf(input);
      var found = words.length ? window.reportIndex.filter(function (entry) {
        return hasAll(words, (entry[0] + " " + entry[1]).toLowerCase());
      }) : [];
      list.replaceChildren.apply(list, found.slice(0, SHOWN).map(function (entry) {
        return make("li", {}, [make("a", { href: entry[2], textContent: entry[0] }), " ", make("span", { textContent: entry[1] })]);
      }));
      if (found.length > SHOWN) {
        list.append(make("li", {}, [make("a", { href: "find.html", textContent: "All organisations and indicators" })]));
      }
      if (words.length && !found.length) {
        list.append(make("li", { textContent: "Nothing has these words" }));
      }
      list.hidden = !words.length;
      status.textContent = words.length ? counted(found.length) : "";
    }

    function load() {
      if (window.reportIndex) { show(); return; }
      if (asked) { return; }
      asked = true;
      document.head.append(make("script", { src: input.dataset.index, onload: show }));
    }

    input.addEventListener("focus", load);
    input.addEventListener("input", load);
    box.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { input.value = ""; list.hidden = true; input.focus(); }
      if (event.key === "Enter" && event.target === input && list.querySelector("a")) { list.querySelector("a").click(); }
    });
    box.addEventListener("focusout", function (event) {
      if (event.relatedTarget && !box.contains(event.relatedTarget)) { list.hidden = true; }
    });
    box.hidden = false;
  }

  // -- the lists of find.html ----------------------------------------------------------------------------------------

  function searchLists(box) {
    var input = document.getElementById("words");
    var status = document.getElementById("found");
    input.addEventListener("input", function () {
      var words = wordsOf(input);
      var count = 0;
      each("main section", function (section) {
        var here = 0;
        each("li", function (item) {
          item.hidden = !hasAll(words, item.textContent.toLowerCase());
          here += item.hidden ? 0 : 1;
        }, section);
        section.hidden = here === 0;
        count += here;
      });
      status.textContent = words.length ? counted(count) : "";
    });
    box.hidden = false;
  }

  // -- tables: sort by a column, keep rows with some words, take them along as CSV -----------------------------------

  var MANY = 8;

  function textOf(cell) {
    var unseen = cell.querySelector("button");
    return (unseen || cell).textContent.trim();
  }

  function numberOf(text) {
    return parseFloat(text.replace(/\u2212/g, "-").replace(/[,+]/g, ""));
  }

  function compareCells(a, b, numeric) {
    if (!numeric) { return a.localeCompare(b, "en-GB", { numeric: true }); }
    var first = numberOf(a), second = numberOf(b);
    if (isNaN(first) || isNaN(second)) { return isNaN(first) - isNaN(second) || 0; }
    return first - second;
  }

  function sortBy(table, head, place) {
    var down = head.getAttribute("aria-sort") === "ascending";
    var numeric = head.classList.contains("n");
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    rows.sort(function (one, other) {
      var a = one.cells[place].textContent.trim(), b = other.cells[place].textContent.trim();
      var missing = numeric ? isNaN(numberOf(a)) - isNaN(numberOf(b)) : 0;
      return missing || (down ? -1 : 1) * compareCells(a, b, numeric);
    });
    each("thead th", function (other) { other.removeAttribute("aria-sort"); }, table);
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append.apply(table.tBodies[0], rows);
  }

  // A spreadsheet takes a text that begins so for a formula; a number with a sign is none.
  function csvCell(text) {
    var plain = text.replace(/\u2212/g, "-");
    var harmless = /^[=@\t\r]|^[+-](?![\d.])/.test(plain) ? "'" + plain : plain;
    return '"' + harmless.replace(/"/g, '""') + '"';
  }

  function csvOf(table) {
    return "\ufeff" + Array.prototype.filter.call(table.rows, function (row) { return !row.hidden; }).map(function (row) {
      return Array.prototype.map.call(row.cells, function (cell) { return csvCell(textOf(cell)); }).join(",");
    }).join("\r\n") + "\r\n";
  }

  function tableTools(table) {
    var caption = table.caption ? table.caption.textContent.trim() : "table";
    var rows = table.tBodies[0] ? table.tBodies[0].rows.length : 0;
    var tools = make("div", { className: "tools" });
    if (rows > 1) {
      each("thead th", function (head, place) {
        var button = make("button", { type: "button", className: "sort", textContent: head.textContent, title: "Sort by this column" });
        button.addEventListener("click", function () { sortBy(table, head, place); });
        head.replaceChildren(button);
      }, table);
    }
    if (rows > MANY) {
      var input = make("input", { type: "search", autocomplete: "off" });
      input.addEventListener("input", function () {
        var words = wordsOf(input);
        Array.prototype.forEach.call(table.tBodies[0].rows, function (row) { row.hidden = !hasAll(words, row.textContent.toLowerCase()); });
      });
      tools.append(make("label", {}, ["Rows with ", make("span", { className: "unseen", textContent: "(" + caption + ") " }), input]));
    }
    var csv = make("button", { type: "button" }, ["Table (CSV)", make("span", { className: "unseen", textContent: ": " + caption })]);
    csv.addEventListener("click", function () {
      save(page + "-" + caption.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60) + ".csv", "text/csv;charset=utf-8", csvOf(table));
    });
    tools.append(csv);
    table.closest(".scroll").after(tools);
  }

  // -- charts as pictures: with their finding above and the release below, as SVG or as PNG --------------------------

  var LETTERS = 40, LINE = 20, SCALE = 3, XMLNS = "http://www.w3.org/2000/svg";

  function wrapped(text) {
    return text.split(/\s+/).reduce(function (lines, word) {
      var last = lines[lines.length - 1];
      if (last && (last + " " + word).length <= LETTERS) { lines[lines.length - 1] = last + " " + word; } else { lines.push(word); }
      return lines;
    }, []);
  }

  function written(words, y, weight, size) {
    var text = document.createElementNS(XMLNS, "text");
    text.setAttribute("x", "4");
    text.setAttribute("y", String(y));
    text.setAttribute("font-weight", weight);
    text.setAttribute("font-size", String(size));
    text.textContent = words;
    return text;
  }

  function pictureOf(figure) {
    var drawing = figure.querySelector("svg.chart").cloneNode(true);
    var box = drawing.viewBox.baseVal;
    var lines = wrapped(figure.querySelector("h3").textContent.trim());
    var top = lines.length * LINE + 8;
    var height = top + box.height + 18;
    var group = document.createElementNS(XMLNS, "g");
    group.setAttribute("transform", "translate(0 " + top + ")");
    var ground = document.createElementNS(XMLNS, "rect");
    ground.setAttribute("width", String(box.width));
    ground.setAttribute("height", String(height));
    ground.setAttribute("fill", "#fff");
    each("text, rect, path, line, circle, g", function (part) { if (part.parentNode === drawing) { group.append(part); } }, drawing);
    drawing.append(ground);
    lines.forEach(function (words, n) { drawing.append(written(words, (n + 1) * LINE - 4, "bold", 16)); });
    drawing.append(group, written("NHS health inequalities report, release " + document.querySelector("footer code").textContent, height - 6, "normal", 11));
    drawing.setAttribute("viewBox", "0 0 " + box.width + " " + height);
    drawing.setAttribute("width", String(box.width * SCALE));
    drawing.setAttribute("height", String(height * SCALE));
    return { source: new XMLSerializer().serializeToString(drawing), width: box.width * SCALE, height: Math.round(height * SCALE) };
  }

  function savePng(name, picture) {
    var image = new Image();
    image.onload = function () {
      var canvas = make("canvas", { width: picture.width, height: picture.height });
      canvas.getContext("2d").drawImage(image, 0, 0, picture.width, picture.height);
      canvas.toBlob(function (blob) { save(name, "image/png", blob); });
      URL.revokeObjectURL(image.src);
    };
    image.src = URL.createObjectURL(new Blob([picture.source], { type: "image/svg+xml" }));
  }

  function chartTools(figure) {
    var share = figure.querySelector(".share");
    if (!share || !figure.querySelector("svg.chart")) { return; }
    var title = figure.querySelector("h3").textContent.trim();
    [["Picture (PNG)", "png"], ["Picture (SVG)", "svg"]].forEach(function (kind) {
      var button = make("button", { type: "button" }, [kind[0], make("span", { className: "unseen", textContent: ": " + title })]);
      button.addEventListener("click", function () {
        var picture = pictureOf(figure), name = page + "-" + figure.id + "." + kind[1];
        if (kind[1] === "png") { savePng(name, picture); } else { save(name, "image/svg+xml", picture.source); }
      });
      share.append(button);
    });
  }

  // -- organisations side by side ------------------------------------------------------------------------------------

  var MOST = 8;

  function rowsByCode(section) {
    var found = {};
    each("table", function (table) {
      var common = JSON.parse(table.dataset.key);
      Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
        found[Object.assign({}, common, JSON.parse(row.dataset.key)).organisation_code] = { row: row, heads: table.tHead.rows[0].cells };
      });
    }, section);
    return found;
  }

  function partsOf(entry) {
    var parts = { last: "" };
    Array.prototype.forEach.call(entry.heads, function (head, place) {
      var text = entry.row.cells[place].textContent.trim();
      if (head.dataset.column) { parts[head.dataset.column] = text; } else if (place) { parts.last = text; }
    });
    return parts;
  }

  var SVG = "http://www.w3.org/2000/svg", WIDE = 150, HIGH = 18, EDGE = 8;

  function drawn(tag, attributes) {
    var node = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    return node;
  }

  // Value and limits of one measure on one axis for all that are chosen, or what a hidden figure lies between (a bar without a mark): for
  // the eye, because the figures are next to it in words.
  function strips(all) {
    var numbers = all.map(function (parts) {
      return parts ? [parts.ci_lower_95, parts.ci_upper_95].concat(parts.value.split(" to ")).map(function (text) { return numberOf(text || ""); }) : [];
    });
    var known = [].concat.apply([], numbers).filter(function (number) { return !isNaN(number); });
    var low = Math.min.apply(null, known), high = Math.max.apply(null, known);
    function at(number) { return EDGE + (WIDE - 2 * EDGE) * (high > low ? (number - low) / (high - low) : 0.5); }
    return numbers.map(function (own) {
      var value = own[2], other = own[3], hidden = other !== undefined;
      if (own.length === 0 || isNaN(value) || (hidden && isNaN(other))) { return ""; }
      var picture = drawn("svg", { "class": "strip", viewBox: "0 0 " + WIDE + " " + HIGH, "aria-hidden": "true" });
      picture.append(drawn("path", { d: "M" + EDGE + " 9H" + (WIDE - EDGE), stroke: "#C8CED3" }));
      if (!isNaN(own[0]) && !isNaN(own[1])) {
        picture.append(drawn("path", { d: "M" + at(own[0]) + " 4v10m0 -5H" + at(own[1]) + "m0 -5v10", fill: "none", stroke: "#212B32", "stroke-width": 1.5 }));
      }
      picture.append(hidden ? drawn("path", { d: "M" + at(value) + " 9H" + at(other), stroke: "#5C6670", "stroke-width": 6 })
        : drawn("circle", { cx: at(value), cy: 9, r: 5, fill: "#12436D" }));
      return picture;
    });
  }

  function cellOf(parts, strip) {
    if (!parts) { return make("td", { textContent: "none" }); }
    var limits = parts.ci_lower_95 && parts.ci_lower_95[0] !== "[" ? "95% limits " + parts.ci_lower_95 + " to " + parts.ci_upper_95 + ". " : "";
    return make("td", {}, [make("strong", { textContent: parts.value }), make("br"), strip, make("span", { className: "note", textContent: limits + parts.last })]);
  }

  function besides(box) {
    var select = document.getElementById("organisation");
    var status = document.getElementById("chosen");
    var place = document.getElementById("beside");
    var options = Array.prototype.slice.call(select.options);
    var chosen = [];
    var measures = [];
    each("section.measure", function (section) { measures.push({ title: section.querySelector("h2").textContent.trim(), rows: rowsByCode(section) }); });

    function table() {
      var heads = chosen.map(function (option) {
        var away = make("button", { type: "button", className: "away" }, ["Remove", make("span", { className: "unseen", textContent: " " + option.text })]);
        away.addEventListener("click", function () { chosen.splice(chosen.indexOf(option), 1); draw(); select.focus(); });
        return make("th", { scope: "col" }, [make("span", { textContent: option.text }), make("br"), away]);
      });
      var body = measures.map(function (measure) {
        var all = chosen.map(function (option) { return measure.rows[option.value] && partsOf(measure.rows[option.value]); });
        var pictures = strips(all), cells = all.map(function (parts, n) { return cellOf(parts, pictures[n]); });
        return all.some(Boolean) ? make("tr", {}, [make("th", { scope: "row", textContent: measure.title })].concat(cells)) : "";
      });
      var made = make("table", {}, [
        make("caption", { textContent: "Side by side" }),
        make("thead", {}, [make("tr", {}, [make("th", { scope: "col", textContent: "Measure" })].concat(heads))]),
        make("tbody", {}, body)
      ]);
      var scroll = make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Side by side" }, [made]);
      var csv = make("button", { type: "button", textContent: "Table (CSV)" });
      csv.addEventListener("click", function () { save("compare.csv", "text/csv;charset=utf-8", csvOfBeside(made)); });
      return [scroll, make("div", { className: "tools" }, [csv])];
    }

    function csvOfBeside(made) {
      return "\ufeff" + Array.prototype.map.call(made.rows, function (row) {
        return Array.prototype.map.call(row.cells, function (cell) {
          var parts = Array.prototype.filter.call(cell.childNodes, function (node) { return node.nodeName !== "BUTTON"; });
          return csvCell(parts.map(function (node) { return node.textContent.trim(); }).filter(Boolean).join(" "));
        }).join(",");
      }).join("\r\n") + "\r\n";
    }

    function draw() {
      place.replaceChildren.apply(place, chosen.length ? table() : []);
      status.textContent = chosen.length ? chosen.length + " chosen, at most " + MOST + ". The address of this page leads back to them." : "";
      location.replace("#" + chosen.map(function (option) { return option.id; }).join(","));
    }

    function add(option) {
      if (option && chosen.indexOf(option) === -1 && chosen.length < MOST) { chosen.push(option); }
    }

    document.getElementById("add").addEventListener("click", function () { add(select.selectedOptions[0]); draw(); });
    document.getElementById("peers").addEventListener("click", function () {
      var own = chosen[chosen.length - 1] || select.selectedOptions[0];
      add(own);
      options.filter(function (option) { return own.dataset.peers && option.dataset.peers === own.dataset.peers; }).forEach(add);
      draw();
    });
    document.getElementById("none").addEventListener("click", function () { chosen = []; draw(); select.focus(); });
    decodeURIComponent(location.hash.slice(1)).split(",").forEach(function (anchor) {
      var found = options.filter(function (option) { return option.id === anchor; })[0];
      add(found);
      if (found) { select.value = found.value; }
    });
    box.hidden = false;
    if (chosen.length) { draw(); }
  }

  each(".scroll > table", tableTools);
  each("figure[id]", chartTools);
  [["quick", searchBox], ["search", searchLists], ["choose", besides]].forEach(function (part) {
    var node = document.getElementById(part[0]);
    if (node) { part[1](node); }
  });
})();
