farboot_sources_ifdef(CONFIG_MCUMGR frame.c cbor.c message.c server.c service.c)
farboot_sources_ifdef(CONFIG_MCUMGR_GRP_OS server_os.c)
farboot_sources_ifdef(CONFIG_MCUMGR_GRP_IMG server_image.c)
farboot_sources_ifdef(CONFIG_MCUMGR_TRANSPORT_UART smp_console.c)
