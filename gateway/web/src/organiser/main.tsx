/** The organiser page. */

import { render } from "preact";

import { Organiser } from "./organiser";

const page = document.getElementById("page");
if (page) {
  page.textContent = "";
  render(<Organiser />, page);
}
