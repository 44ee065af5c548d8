/* Back from the identity provider: goes on by itself. Without it the button does. */
document.getElementById("enter").requestSubmit();
