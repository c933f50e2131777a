import { render } from "preact";

const page = document.getElementById("page");
if (page) render(<h1>Convene</h1>, page);
