/* No devicetree on the host: instances are made by hand (tests/flash_driver/host). */
