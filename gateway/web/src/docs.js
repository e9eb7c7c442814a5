// The REST interface, from our own OpenAPI document.
const place = document.getElementById("docs");
SwaggerUIBundle({ domNode: place, url: place.dataset.document, deepLinking: true, defaultModelsExpandDepth: 0 });
