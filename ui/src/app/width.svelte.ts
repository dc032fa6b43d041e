import { MediaQuery } from "svelte/reactivity";

const three = new MediaQuery("(min-width: 1100px)", true);
const two = new MediaQuery("(min-width: 720px)", true);

/** How many panes the window has room for. */
export const panes = {
  get count(): 1 | 2 | 3 {
    if (three.current) return 3;
    return two.current ? 2 : 1;
  },
};
