/** A window over the page; the browser keeps the focus within and gives it back. */

import { html, useEffect, useRef } from "./library.js";
import { strings } from "./strings.js";

/** `said`: what screen readers are told while it is open; regions outside say nothing then. */
export function Dialog({ name, title, said = "", onClose, children }) {
  const dialog = useRef();
  const heading = useRef();
  useEffect(() => {
    const node = dialog.current;
    node.showModal();
    heading.current.focus();
    return () => node.close();
  }, []);
  return html`<dialog
    ref=${dialog}
    class="dialog ${name}"
    aria-labelledby="dialog-title"
    onCancel=${(event) => {
      event.preventDefault();
      onClose();
    }}
    onClick=${(event) => event.target === dialog.current && onClose()}
  >
    <div class="dialog-inner">
      <div class="dialog-head">
        <h2 id="dialog-title" ref=${heading} tabindex="-1" dir="auto">${title}</h2>
        <button type="button" class="close" onClick=${onClose}>
          <span aria-hidden="true">×</span><span class="unseen">${strings.close}</span>
        </button>
      </div>
      ${children}
      <p class="unseen" role="status">${said}</p>
    </div>
  </dialog>`;
}
