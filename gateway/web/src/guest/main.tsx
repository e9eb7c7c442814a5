/** The guest page. */

import { render } from "preact";

import { Guest } from "./guest";

const page = document.getElementById("page");
if (page) {
  page.textContent = "";
  render(<Guest />, page);
}
