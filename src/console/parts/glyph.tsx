const drawings = {
  ok: (
    <>
      <circle cx="8" cy="8" r="6.6" />
      <path d="M5 8.3l2.2 2.1L11 6" />
    </>
  ),
  no: (
    <>
      <rect class="filled" x="1.6" y="1.6" width="12.8" height="12.8" />
      <path class="cut" d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" />
    </>
  ),
  wait: (
    <>
      <path d="M8 1.2L14.8 8 8 14.8 1.2 8z" />
      <path d="M8 5v3.6M8 10.7v.2" />
    </>
  ),
  run: (
    <>
      <circle cx="8" cy="8" r="6.6" />
      <path d="M8 4.4V8l2.5 1.6" />
    </>
  ),
  todo: <circle cx="8" cy="8" r="6.2" />,
  off: <circle class="dotted" cx="8" cy="8" r="6.6" />,
  lock: <path d="M3.2 7h9.6v7H3.2zM5.2 7V4.8a2.8 2.8 0 015.6 0V7" />,
  find: (
    <>
      <circle cx="7" cy="7" r="4.6" />
      <path d="M10.6 10.6L14 14" />
    </>
  ),
};

export type GlyphName = keyof typeof drawings;

/** A state's shape. The word beside it says the same, so the drawing is hidden from readers. */
export function Glyph({ name }: { name: GlyphName }) {
  return (
    <svg class="g" viewBox="0 0 16 16" aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}

/** The product's own seal. */
export function SealMark() {
  return (
    <svg class="seal-mark" viewBox="0 0 26 26" aria-hidden="true">
      <rect class="face" width="26" height="26" rx="2" />
      <rect class="edge" x="2.2" y="2.2" width="21.6" height="21.6" rx="1" />
      <path
        class="strokes"
        d="M7 8.2h12M13 5.4v15.2M6 12.6h14M12.4 13.2L7 19M13.6 13.2L19 19M9.2 5.8L7.6 10"
      />
    </svg>
  );
}
