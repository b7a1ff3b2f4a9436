// Runs in the browser: how a person reads a page, and what of it could act. Knows the page, not the code that made it.
const ACTIVE =
  'a,area,audio,base,button,embed,form,frame,iframe,img,input,link,math,meta,object,script,select,style,svg,textarea,video';

/** Hidden characters are named on the page; put back, the text is the one that was given. */
const named = (glyph) =>
  String.fromCodePoint(parseInt(/^U\+([0-9A-F]{4,6})/.exec(glyph.textContent)[1], 16));

globalThis.reading = {
  parse: (html) => new globalThis.DOMParser().parseFromString(html, 'text/html'),
  /** Each element that acts or loads, and each attribute but for the values that hold texts of people. */
  skeleton(root) {
    const active = [...root.querySelectorAll(ACTIVE)].map((element) =>
      [
        element.localName,
        ...['href', 'action', 'src', 'name', 'type'].map((a) => element.getAttribute(a)),
      ].join(' '),
    );
    const attributes = new Set();
    for (const element of root.querySelectorAll('*'))
      for (const { name } of element.attributes) attributes.add(`${element.localName} ${name}`);
    return { active, attributes: [...attributes] };
  },
  text(root) {
    const copy = root.cloneNode(true);
    for (const glyph of copy.querySelectorAll('.glyph')) glyph.textContent = named(glyph);
    return copy.textContent;
  },
  /** The rows of a diff as they are drawn: what is not rendered, cut off or swallowed is not read. */
  rows(root) {
    for (const glyph of root.querySelectorAll('.glyph'))
      glyph.textContent = `\u27e6${named(glyph).codePointAt(0).toString(16)}\u27e7`;
    for (const hint of root.querySelectorAll('.diff__hint')) hint.remove();
    const textOf = (element) =>
      element.innerText.replaceAll(/\u27e6([0-9a-f]+)\u27e7/g, (_, hex) =>
        String.fromCodePoint(parseInt(hex, 16)),
      );
    /** What HubSpot calls a value stands before the value itself. */
    const rawIn = (element) => {
      const line = element.querySelector('.diff__raw');
      if (line === null) return undefined;
      const raw = textOf(line.querySelector('.mono'));
      line.remove();
      return raw;
    };
    const drawn = (element) => {
      const own = element.querySelector('.none');
      const { width, height } = element.getBoundingClientRect();
      const isSeen = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      const fits = element.scrollWidth <= element.clientWidth + 1 || element.clientWidth === 0;
      const raw = rawIn(element);
      const text = own ? null : textOf(element);
      const isDrawn = isSeen && fits && width > 0 && height > 0;
      return { text, own: own?.innerText, isDrawn, ...(raw === undefined ? {} : { raw }) };
    };
    return [...root.querySelectorAll('.diff tbody tr')].map((row) => ({
      label: drawn(row.querySelector('th')),
      before: drawn(row.querySelector('.old > .cell')),
      after: drawn(row.querySelector('.new > .cell')),
    }));
  },
};
